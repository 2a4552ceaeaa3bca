// Opens a running server's GraphiQL in headless Chromium, with no network but that server, and works it as a person would:
//
//   node check.mjs http://127.0.0.1:8000/graphql [screenshot.png]
//
// It runs every worked example with the run button, opens one from the menu and reads the documentation panel. It fails
// where an answer has errors or finds nothing, where the page asks any other address for anything, where the page's
// Content-Security-Policy is broken, and on any error the page throws or logs. CHROMIUM names another browser.
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

// In the page: whether the editor has read the name of the operation, or which tab is in front.
const editorHolds = (name) =>
  document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === name;
const isInFront = (name) => document.querySelector('[role="tab"][aria-selected="true"]')?.innerText === name;

async function check(page) {
  await page.goto(address);
  if ((await page.title()) !== "Customer Graph") wrong.push(`the title is ${await page.title()}`);
  if (await page.locator("#notice").count()) throw new Error("GraphiQL's files are not built: run `make assets`");

  const tabs = page.getByRole("tab");
  await tabs.first().waitFor();
  const names = await tabs.allInnerTexts();
  if (names.length < 5) wrong.push(`only ${names.length} examples are open`);
  for (const [index, name] of names.entries()) {
    await tabs.nth(index).click();
    await page.waitForFunction(editorHolds, name); // GraphiQL reads the operation's name a moment after the tab shows
    const { data, errors, extensions } = await run(page);
    if (name.startsWith("HowWas") && !extensions?.plan?.reads.length) wrong.push(`${name}: no plan was told`);
    if (errors) wrong.push(`${name}: ${JSON.stringify(errors)}`);
    if (!data || Object.values(data).some((value) => value === null)) wrong.push(`${name}: found nothing`);
    const marks = await page.locator(".graphiql-query-editor .CodeMirror-lint-mark-error").count();
    if (marks) wrong.push(`${name}: the editor marks ${marks} mistakes`);
  }
  await tabs.first().click();
  await page.locator(".result-window .CodeMirror-code", { hasText: '"data"' }).waitFor(); // a tab keeps its answer

  await page.getByRole("button", { name: /Show Examples/i }).click();
  await page.locator("button.example").last().click();
  await page.waitForFunction(isInFront, names.at(-1));
  await tabs.first().click();

  await page.getByRole("button", { name: /Show Documentation Explorer/i }).click();
  await page.locator(".graphiql-doc-explorer").getByText("Query", { exact: true }).click();
  await page.locator(".graphiql-doc-explorer").getByText("organization", { exact: true }).first().waitFor();
  if (screenshot) await page.screenshot({ path: screenshot });
  return names;
}

try {
  const page = browser.pages()[0] ?? (await browser.newPage());
  await watch(page);
  page.setDefaultTimeout(15_000);
  const names = await check(page);
  if (wrong.length) throw new Error("GraphiQL does not work as it should:");
  console.log(`GraphiQL works offline; ${names.length} examples ran: ${names.join(", ")}`);
} catch (error) {
  console.error([...new Set([error.message, ...wrong])].join("\n"));
  process.exitCode = 1;
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
