// Puts GraphiQL's files into the package: `node tools/graphiql/build.mjs`, or `make assets`.
//
// The list of files, with versions and hashes, is app/http/templates/graphiql.json. Each package in it is fetched with
// `npm pack` (the package alone, none of its dependencies, no script of its own run), the listed files are compared with
// their hashes, and they and the package's licence are copied to app/http/static/graphiql/. A file that is not what the
// list says stops the build. `--print` shows the hashes instead, for raising a version.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const listed = JSON.parse(readFileSync(join(root, "app/http/templates/graphiql.json"), "utf8"));
const target = join(root, "app/http/static/graphiql");
const onlyPrint = process.argv.includes("--print");

/** `@scope/name@1.2.3/dist/a.js` → [`@scope/name@1.2.3`, `dist/a.js`]. */
function split(path) {
  const slash = path.indexOf("/", path.startsWith("@") ? path.indexOf("/") + 1 : 0);
  return [path.slice(0, slash), path.slice(slash + 1)];
}

function unpack(name, into) {
  mkdirSync(into, { recursive: true });
  execFileSync("npm", ["pack", name, "--silent", "--pack-destination", into], { stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("tar", ["-xzf", join(into, readdirSync(into)[0]), "-C", into]);
  return join(into, "package");
}

const scratch = mkdtempSync(join(tmpdir(), "graphiql-"));
try {
  const unpacked = new Map();
  const out = join(scratch, "out");
  const wrong = [];
  for (const { path, integrity } of listed) {
    const [name, file] = split(path);
    if (!unpacked.has(name)) unpacked.set(name, unpack(name, join(scratch, String(unpacked.size))));
    const from = unpacked.get(name);
    const actual = "sha384-" + createHash("sha384").update(readFileSync(join(from, file))).digest("base64");
    if (onlyPrint) console.log(`${path} ${actual}`);
    else if (actual !== integrity) wrong.push(`${path} is ${actual}, not ${integrity}`);
    cpSync(join(from, file), join(out, path), { recursive: true });
    if (existsSync(join(from, "LICENSE"))) cpSync(join(from, "LICENSE"), join(out, name, "LICENSE"));
  }
  if (wrong.length) throw new Error(`Not what app/http/templates/graphiql.json lists:\n${wrong.join("\n")}`);
  if (!onlyPrint) {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(dirname(target), { recursive: true });
    cpSync(out, target, { recursive: true });
    console.log(`${listed.length} files in ${target}`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
