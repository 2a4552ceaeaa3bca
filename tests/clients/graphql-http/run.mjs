// Every audit of the npm package `graphql-http` against a running server:
//
//   npm install --no-package-lock && node run.mjs http://127.0.0.1:8000/graphql
//
// Prints a line for each audit and one for all of them; the exit code is 1 if any did not pass, 2 if none could be run.

import { serverAudits } from 'graphql-http';

const url = process.argv[2];
if (!url) {
  console.error('usage: node run.mjs URL');
  process.exit(2);
}

try {
  await fetch(url, { method: 'OPTIONS', signal: AbortSignal.timeout(5000) });
} catch (error) {
  console.error(`There is no server at ${url}: ${error.cause?.message ?? error.message}`);
  process.exit(2);
}

const failures = [];
const audits = serverAudits({ url });
for (const { id, name, fn } of audits) {
  const { status, reason } = await fn();
  console.log(`${status === 'ok' ? 'ok  ' : status} ${id} ${name}${status === 'ok' ? '' : `: ${reason}`}`);
  if (status !== 'ok') failures.push(id);
}

const passed = audits.length - failures.length;
console.log(`\n${passed} of ${audits.length} audits passed${failures.length ? `; not ${failures.join(', ')}` : ''}.`);
process.exit(failures.length ? 1 : 0);
