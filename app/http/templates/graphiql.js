// Starts GraphiQL with the worked examples as its tabs, and adds a menu that opens one of them again.
// The page around it (graphiql.html) carries the endpoint and the examples as JSON.
(function () {
  "use strict";

  const place = document.getElementById("graphiql");
  const { endpoint, examples } = JSON.parse(document.getElementById("settings").textContent);

  if (!window.React || !window.ReactDOM || !window.GraphiQL) {
    place.firstElementChild.textContent =
      `GraphiQL could not be loaded. The endpoint answers all the same: POST {"query": "…"} to ${endpoint}.`;
    return;
  }

  const WELCOME = `# Ask the customer graph: who is the customer, who is using the service,
# which key did this call come from, what do they owe?
#
# Ctrl-Space completes, Ctrl-Enter runs. The book on the left describes every field;
# the list below it holds worked examples that run against the demo data.

{
  organizations(first: 5) {
    nodes { id name }
  }
}
`;

  const h = React.createElement;
  const tab = ({ query, variables, headers }) => ({ query, variables: variables || "", headers: headers || "" });

  /** The menu: one button an example; it returns to the example's tab, or opens one. */
  function Examples() {
    const editor = GraphiQL.React.useEditorContext({ nonNull: true });
    const open = (example) => {
      const index = editor.tabs.findIndex(({ query }) => query === example.query);
      if (index >= 0) return editor.changeTab(index);
      editor.addTab();
      // The new tab fills the editors as it opens; only then is there a place for the example.
      setTimeout(() => {
        editor.queryEditor.setValue(example.query);
        editor.variableEditor.setValue(example.variables || "");
        editor.headerEditor?.setValue(example.headers || "");
      });
    };
    const button = (example) =>
      h(
        "button",
        { key: example.title, type: "button", className: "example", onClick: () => open(example) },
        example.title,
        h("small", null, example.description),
      );
    return h("section", null, h("h2", { className: "graphiql-doc-explorer-title" }, "Examples"), examples.map(button));
  }

  function ListIcon() {
    const line = (y) => h("path", { key: y, d: `M4 ${y}h2M9 ${y}h11` });
    return h(
      "svg",
      { height: "1em", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 2 },
      [6, 12, 18].map(line),
    );
  }

  // A link may bring a query along (`/graphql#query=…&variables=…`), which the server then neither sees nor logs. It is
  // shown, and run only by whoever opened it.
  const asked = new URLSearchParams(window.location.hash.slice(1));
  const brought = asked.get("query") && { query: asked.get("query"), variables: asked.get("variables") };

  const plugins = [{ title: "Examples", icon: ListIcon, content: Examples }];
  if (window.GraphiQLPluginExplorer) plugins.push(GraphiQLPluginExplorer.explorerPlugin());

  place.replaceChildren();
  ReactDOM.createRoot(place).render(
    h(GraphiQL, {
      fetcher: GraphiQL.createFetcher({
        url: endpoint,
        headers: { accept: "application/graphql-response+json, application/json" },
        enableIncrementalDelivery: false,
      }),
      // Other programs' GraphiQL, served from the same address at another time, keeps its tabs apart from these.
      storage: GraphiQL.createLocalStorage({ namespace: "customer-graph" }),
      defaultQuery: WELCOME,
      defaultTabs: (brought ? [brought] : examples).map(tab),
      ...(brought ? tab(brought) : {}),
      defaultEditorToolsVisibility: "variables",
      inputValueDeprecation: true,
      schemaDescription: true,
      shouldPersistHeaders: false,
      plugins,
    }),
  );
})();
