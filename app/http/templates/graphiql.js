// Starts GraphiQL with the first worked example, a panel that opens any of them, and the plan of a query below its
// answer. The page around it (graphiql.html) carries the endpoint and the examples as JSON.
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
# Ctrl-Space completes, Ctrl-Enter runs. The book describes every field;
# the list holds worked examples that run against the demo data.

{
  organizations(first: 5) {
    nodes { id name }
  }
}
`;

  const h = React.createElement;
  const { useEffect, useMemo, useRef, useState } = React;
  const { useEditorContext, usePluginStore } = GraphiQL.React;

  /** The same width at which graphiql.css puts the answer below the query. */
  const narrow = window.matchMedia("(max-width: 760px)");

  // Other programs' GraphiQL, served from the same address at another time, keeps its tabs apart from these.
  const storage = GraphiQL.createLocalStorage({ namespace: "customer-graph" });
  // GraphiQL 4.1 does not open again the panel that it remembers: Layout does.
  storage.removeItem("graphiql:visiblePlugin");

  // ---- What is sent, and the schema that comes back -----------------------------------------------------------------

  const EXPLAIN = "X-Explain";
  let explains = storage.getItem("explain") === "on";

  const send = GraphiQL.createFetcher({
    url: endpoint,
    headers: { accept: "application/graphql-response+json, application/json" },
    enableIncrementalDelivery: false,
  });

  /** GraphiQL's requests: with the header that asks for the plan, and with the schema sorted. */
  async function fetcher(request, options = {}) {
    if (request.operationName === "IntrospectionQuery") return sortSchema(await send(request, options));
    const given = options.headers ?? {};
    const isGiven = Object.keys(given).some((name) => name.toLowerCase() === EXPLAIN.toLowerCase());
    return send(request, { ...options, headers: explains && !isGiven ? { ...given, [EXPLAIN]: "plan" } : given });
  }

  /** The answer to an introspection, with types and fields by name, `id` first; all else keeps the schema's order. */
  function sortSchema(answer) {
    const schema = answer?.data?.__schema;
    if (!schema) return answer;
    const byName = (a, b) => Number(b.name === "id") - Number(a.name === "id") || (a.name < b.name ? -1 : 1);
    const types = schema.types.map((type) => ({ ...type, fields: type.fields?.toSorted(byName) ?? null }));
    return { ...answer, data: { ...answer.data, __schema: { ...schema, types: types.toSorted(byName) } } };
  }

  // ---- GraphiQL's own buttons, where it offers no function for what they do -----------------------------------------

  /** Shows the headers where there are any, else the variables where there are any, else neither. */
  function showWhatIsFilled({ variables, headers }) {
    const toggle = place.querySelector(".graphiql-toggle-editor-tools");
    if (headers?.trim()) place.querySelector('[data-name="headers"]').click();
    else if (variables?.trim()) place.querySelector('[data-name="variables"]').click();
    else if (toggle.getAttribute("aria-label").startsWith("Hide")) toggle.click();
  }

  /** Opens and folds panels as the tab in front and the width of the page need it; shows nothing itself. */
  function Layout() {
    const { tabs, activeTabIndex, queryEditor } = useEditorContext({ nonNull: true });
    const { plugins, visiblePlugin } = usePluginStore();
    const tab = tabs[activeTabIndex];
    const hasStarted = useRef(false);
    useEffect(() => {
      if (!plugins.length) return;
      if (hasStarted.current) return storage.setItem("panel", visiblePlugin?.title ?? "");
      hasStarted.current = true;
      const panel = storage.getItem("panel") ?? "Examples";
      if (panel && !brought && !narrow.matches) place.querySelector(`[aria-label="Show ${panel}"]`)?.click();
    }, [plugins, visiblePlugin]);
    useEffect(() => showWhatIsFilled(tab), [tab.id]);
    useEffect(() => queryEditor?.setOption("lineWrapping", true), [queryEditor]);
    return null;
  }

  // ---- The panel of examples ----------------------------------------------------------------------------------------

  const isOwnWork = (text) => text.trim() && text !== WELCOME && examples.every(({ query }) => query !== text);

  /** One button an example. It returns to the example's tab, or takes over a tab without own work, or opens a new one. */
  function Examples() {
    const editor = useEditorContext({ nonNull: true });
    const current = editor.tabs[editor.activeTabIndex];
    const fill = (example) => {
      editor.queryEditor.setValue(example.query);
      editor.variableEditor.setValue(example.variables || "");
      editor.headerEditor?.setValue(example.headers || "");
      editor.responseEditor?.setValue("");
      editor.updateActiveTabValues({ response: null });
      showWhatIsFilled(example);
    };
    const open = (example) => {
      if (narrow.matches) place.querySelector('[aria-label="Hide Examples"]').click();
      const index = editor.tabs.findIndex(({ query }) => query === example.query);
      if (index >= 0 && index !== editor.activeTabIndex) return editor.changeTab(index);
      // The editor is asked, because the tab hears of what is typed a moment later.
      if (!isOwnWork(editor.queryEditor.getValue())) return fill(example);
      editor.addTab();
      setTimeout(() => fill(example)); // the new tab first fills the editors with its own text
    };
    const button = (example) =>
      h(
        "button",
        {
          key: example.title,
          type: "button",
          className: "example",
          "aria-current": example.query === current.query ? "true" : undefined,
          onClick: () => open(example),
        },
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

  // ---- The plan below the answer ------------------------------------------------------------------------------------

  /** The `extensions.plan` of an answer's text, or null. */
  function planOf(response) {
    try {
      return JSON.parse(response)?.extensions?.plan ?? null;
    } catch {
      return null;
    }
  }

  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  /** What all reads examined, in words; without the counts where MongoDB did not report them all. */
  function summarize({ answeredBy, because, reads }) {
    const total = (name) => reads.reduce((sum, read) => (read[name] === null ? NaN : sum + read[name]), 0);
    const [keys, documents] = [total("keysExamined"), total("documentsExamined")];
    const by = answeredBy === "plan" ? "" : ` Answered by ${answeredBy}: ${because}.`;
    const examined = Number.isNaN(keys + documents)
      ? ""
      : `, ${plural(keys, "key")} and ${plural(documents, "document")} examined`;
    return `${plural(reads.length, "read")}${examined}.${by}`;
  }

  function Read({ path, collection, indexes, keysExamined, documentsExamined, returned, milliseconds }) {
    const number = (value) => h("td", null, value ?? "–");
    const parts = path.split(".").flatMap((part, at) => (at ? [".", h("wbr", { key: at }), part] : [part]));
    const names = indexes?.map((name) => `“${name}”`).join(", ");
    const where = names ? `${collection} by index ${names}` : collection;
    return h(
      "tr",
      null,
      h("th", { scope: "row" }, parts, h("small", null, where)),
      number(keysExamined),
      number(documentsExamined),
      number(returned),
      number(milliseconds),
    );
  }

  function PlanTable({ plan }) {
    const heads = ["Read", "Keys examined", "Documents examined", "Returned", "ms"];
    return h(
      "details",
      { className: "plan", open: true },
      h("summary", null, summarize(plan)),
      h(
        "table",
        null,
        h("thead", null, h("tr", null, heads.map((head) => h("th", { key: head, scope: "col" }, head)))),
        h("tbody", null, plan.reads.map((read, index) => h(Read, { key: index, ...read }))),
      ),
    );
  }

  /** The switch that asks for plans, and the plan of the answer that is shown, whoever asked for it. */
  function Plan() {
    const { tabs, activeTabIndex } = useEditorContext({ nonNull: true });
    const { response } = tabs[activeTabIndex];
    const plan = useMemo(() => planOf(response), [response]);
    const [on, setOn] = useState(explains);
    const toggle = ({ target }) => {
      explains = target.checked;
      storage.setItem("explain", explains ? "on" : "off");
      setOn(explains);
    };
    return h(
      "section",
      { className: "plan-footer", "aria-label": "Plan" },
      h(
        "label",
        { title: `Sends the header ${EXPLAIN}: plan with each request.` },
        h("input", { type: "checkbox", checked: on, onChange: toggle }),
        "Ask for the plan",
      ),
      on && !plan && h("p", null, "Run the query to see its reads, their indexes and what they examined."),
      plan && h(PlanTable, { plan }),
    );
  }

  // ---- The page -----------------------------------------------------------------------------------------------------

  // A link may bring a query along (`/graphql#query=…&variables=…`), which the server then neither sees nor logs.
  // It is shown, and run only by whoever opened it.
  const asked = new URLSearchParams(window.location.hash.slice(1));
  const brought = asked.get("query") && { query: asked.get("query"), variables: asked.get("variables") };
  const tab = ({ query, variables, headers }) => ({ query, variables: variables || "", headers: headers || "" });

  const plugins = [{ title: "Examples", icon: ListIcon, content: Examples }];
  if (window.GraphiQLPluginExplorer) plugins.push(GraphiQLPluginExplorer.explorerPlugin());

  place.replaceChildren();
  ReactDOM.createRoot(place).render(
    h(
      GraphiQL,
      {
        fetcher,
        storage,
        defaultQuery: WELCOME,
        defaultTabs: [brought || examples[0]].map(tab),
        ...(brought ? tab(brought) : {}),
        inputValueDeprecation: true,
        schemaDescription: true,
        shouldPersistHeaders: false,
        plugins,
      },
      h(GraphiQL.Logo, null, "Customer Graph"),
      h(GraphiQL.Footer, null, h(Plan), h(Layout)),
    ),
  );
})();
