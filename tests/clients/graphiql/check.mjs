// Opens a running server's GraphiQL in headless Chromium, with no network but that server, and works it as a person would:
//
//   node check.mjs http://127.0.0.1:8000/graphql [screenshot.png]
//
// It opens every worked example from the panel and runs it, reads the plan below the answer and the documentation, and
// does the same on the screen of a phone. It fails where an answer has errors or finds nothing, where a panel does not
// show what it should, where the page asks any other address for anything, where the page's Content-Security-Policy is
// broken, and on any error the page throws or logs. CHROMIUM names another browser.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, screenshot] = process.argv.slice(2);
if (!address) throw new Error("Which server? node check.mjs http://127.0.0.1:8000/graphql [screenshot.png]");
const origin = new URL(address).origin;

const which = process.env.CHROMIUM ?? "chromium";
const executablePath = execFileSync("sh", ["-c", 'command -v "$0"', which], { encoding: "utf8" }).trim();
const profile = mkdtempSync(join(tmpdir(), "chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1440, height: 900 },
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** What went wrong, in words; empty at the end or the check fails. */
const wrong = [];

async function watch(page) {
  await page.route(
    (url) => url.protocol.startsWith("http") && url.origin !== origin,
    (route) => {
      wrong.push(`the page asked for ${route.request().url()}`);
      return route.abort();
    },
  );
  page.on("pageerror", (error) => wrong.push(`the page threw: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`the console says: ${message.text()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} for ${response.url()}`);
  });
}

/** Presses the run button and gives back the answer to that request, once the panel shows it. */
async function run(page) {
  // The page itself asks for the schema, whenever it gets to it.
  const isOurs = (request) => request.method() === "POST" && !request.postData().includes("IntrospectionQuery");
  const answered = page.waitForResponse((response) => isOurs(response.request()));
  await page.getByRole("button", { name: /^Execute query/ }).click();
  const answer = await (await answered).json();
  const key = Object.keys(answer.data ?? answer)[0];
  await page.locator(".result-window .CodeMirror-code", { hasText: `"${key}"` }).waitFor();
  return answer;
}

const titles = (page) => page.locator("button.example").evaluateAll((all) => all.map((one) => one.firstChild.data));

/** Opens an example from the panel, and the panel where it is closed. Gives back the name of its operation. */
async function open(page, title) {
  const show = page.getByRole("button", { name: "Show Examples" });
  if (await show.count()) await show.click();
  await page.getByRole("button", { name: new RegExp(`^${title}`) }).click();
  // GraphiQL reads the operation's name a moment after the text shows.
  const name = title.toLowerCase().replace(/(^|\s)\w/g, (found) => found.trim().toUpperCase());
  await page.waitForFunction(
    (expected) => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === expected,
    name,
  );
  return name;
}

/** The editors below the query: "Variables", "Headers", or "" where they are folded away. */
const openEditor = (page) =>
  page.locator(".graphiql-editor-tools button.active").allInnerTexts().then((texts) => texts.join());

/** Runs every example from the panel, in the one tab. */
async function checkExamples(page) {
  const all = await titles(page);
  if (all.length < 5) wrong.push(`only ${all.length} examples are in the panel`);
  for (const title of all) {
    const name = await open(page, title);
    const { data, errors, extensions } = await run(page);
    if (errors) wrong.push(`${name}: ${JSON.stringify(errors)}`);
    if (!data || Object.values(data).some((value) => value === null)) wrong.push(`${name}: found nothing`);
    const marks = await page.locator(".graphiql-query-editor .CodeMirror-lint-mark-error").count();
    if (marks) wrong.push(`${name}: the editor marks ${marks} mistakes`);

    const filled = await page.evaluate(() =>
      ["variables", "headers"].filter((kind) => {
        const editors = document.querySelectorAll(".graphiql-editor-tool .CodeMirror");
        return editors[kind === "variables" ? 0 : 1].CodeMirror.getValue().trim();
      }),
    );
    const expected = { "": "", variables: "Variables", headers: "Headers" }[filled.join()];
    const shown = await openEditor(page);
    if (shown !== expected) wrong.push(`${name}: with ${filled.join() || "nothing"} filled in, "${shown}" is open`);
    await checkPlan(page, name, extensions?.plan);
  }
  const tabs = await page.getByRole("tab").count();
  if (tabs !== 1) wrong.push(`the examples took ${tabs} tabs`);
  return all;
}

/** The table below the answer has a row for each read of the plan, with its counts; without a plan there is no table. */
async function checkPlan(page, name, plan) {
  const rows = page.locator(".plan tbody tr");
  if (name === "HowWasItAnswered" && !plan?.reads.length) wrong.push(`${name}: no plan was told`);
  if (!plan) return (await rows.count()) && wrong.push(`${name}: shows a plan that nobody asked for`);
  await rows.first().waitFor();
  const shown = await rows.evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  for (const [at, read] of plan.reads.entries()) {
    const [where, keys, documents] = shown[at] ?? [""];
    const isRight = where.startsWith(read.path) && (read.indexes ?? []).every((index) => where.includes(index));
    if (!isRight || keys !== String(read.keysExamined) || documents !== String(read.documentsExamined))
      wrong.push(`${name}: the plan's read of ${read.path} is shown as ${shown[at]}`);
  }
}

/** The switch asks for the plan of any query; own work is not overwritten by an example. */
async function checkSwitchAndTabs(page) {
  await open(page, "Who is this customer");
  await page.getByLabel("Ask for the plan").check();
  const { extensions } = await run(page);
  if (!extensions?.plan) wrong.push("the switch does not ask for the plan");
  await checkPlan(page, "the switch", extensions?.plan);
  await page.getByLabel("Ask for the plan").uncheck();
  if ((await run(page)).extensions) wrong.push("the switch asks for the plan when it is off");

  await page.locator(".graphiql-query-editor .CodeMirror").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# own work");
  await open(page, "Find anything");
  const names = (await page.getByRole("tab").allInnerTexts()).join();
  if (names !== "WhoIsThisCustomer,FindAnything") wrong.push(`beside own work, the tabs are ${names}`);
}

/** A panel that was closed stays closed at the next visit, and the tabs are as they were. */
async function checkReload(page) {
  const before = await page.getByRole("tab").allInnerTexts();
  await page.getByRole("button", { name: "Hide Examples" }).click();
  await page.getByRole("button", { name: "Show Examples" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Show Examples" }).waitFor();
  const after = await page.getByRole("tab").allInnerTexts();
  if (after.join() !== before.join()) wrong.push(`after a reload the tabs are ${after}, not ${before}`);
}

/** Types and fields are listed by name. */
async function checkDocumentation(page) {
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const docs = page.locator(".graphiql-doc-explorer");
  await docs.getByText("All Schema Types").waitFor();
  const listed = docs.locator(".graphiql-doc-explorer-section-content").last();
  const types = await listed.locator(".graphiql-doc-explorer-type-name").allInnerTexts();
  if (types.length < 50 || types.join() !== types.toSorted().join()) wrong.push(`the types are not sorted: ${types}`);
  await docs.getByText("Query", { exact: true }).click();
  await docs.getByText("organization", { exact: true }).first().waitFor();
  const fields = await docs.locator(".graphiql-doc-explorer-field-name").allInnerTexts();
  if (fields.length < 20 || fields.join() !== fields.toSorted().join()) wrong.push(`the fields are not sorted: ${fields}`);
}

/** On a phone everything fits the width, and a query can be chosen, run and its answer and plan be seen. */
async function checkPhone(page) {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(address);
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await page.getByRole("button", { name: /^Execute query/ }).waitFor();
  const name = await open(page, "How was it answered");
  await checkPlan(page, name, (await run(page)).extensions?.plan);
  const parts = [".graphiql-execute-button", ".result-window", ".plan table", ".graphiql-query-editor .CodeMirror"];
  for (const selector of parts) {
    const box = await page.locator(selector).first().boundingBox();
    const fits = box && box.x >= 0 && box.x + box.width <= 390 && box.y < 844 && box.height >= 40;
    if (!fits) wrong.push(`on a phone, ${selector} is at ${JSON.stringify(box)}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > 390) wrong.push(`on a phone, the page is ${wide} pixels wide`);

  await page.reload(); // which forgets headers; the example brings its own again
  await page.getByRole("button", { name: /^Execute query/ }).waitFor();
  await open(page, "How was it answered");
  if ((await openEditor(page)) !== "Headers") wrong.push("an example that is opened again does not bring its headers");
}

async function check(page) {
  await page.goto(address);
  if ((await page.title()) !== "Customer Graph") wrong.push(`the title is ${await page.title()}`);
  if (await page.locator("#notice").count()) throw new Error("GraphiQL's files are not built: run `make assets`");
  await page.locator("button.example").first().waitFor(); // the panel is open at the first visit

  const all = await checkExamples(page);
  await checkSwitchAndTabs(page);
  await checkReload(page);
  await checkDocumentation(page);
  if (screenshot) await page.screenshot({ path: screenshot });
  await checkPhone(page);
  return all;
}

try {
  const page = browser.pages()[0] ?? (await browser.newPage());
  await watch(page);
  page.setDefaultTimeout(15_000);
  const all = await check(page);
  if (wrong.length) throw new Error("GraphiQL does not work as it should:");
  console.log(`GraphiQL works offline; ${all.length} examples ran: ${all.join(", ")}`);
} catch (error) {
  console.error([...new Set([error.message, ...wrong])].join("\n"));
  process.exitCode = 1;
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
