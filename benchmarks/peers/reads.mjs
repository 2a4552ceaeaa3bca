// What both peers read, batched as their loaders ask for it: one command a level, only the fields that are shown.
//
// Lists under many parents are read as loaders do it: all children of all of them at once, and cut off here. With
// PEER_SCAN they are read as this project reads them, by one bounded scan of an index.
import { Decimal128, MongoClient } from "mongodb";

const LIVE = { deletedAt: null };
const ZERO = Decimal128.fromString("0");
const SHOWN = {
  organizations: { name: 1, kind: 1, currency: 1, timezone: 1, createdAt: 1, parentId: 1 },
  subscribers: { email: 1, emailKey: 1, firstName: 1, organizationId: 1 },
  credentials: { name: 1, credentialId: 1, subscriberId: 1 },
};

const client = new MongoClient(process.env.MONGODB_URI, { readConcernLevel: "majority", retryReads: true });
const store = client.db(process.env.CUSTOMER_GRAPH_DATABASE);

function shown(doc) {
  doc.id = doc._id;
  return doc;
}

/** The documents of these ids, in their order; null where there is none. */
export async function byIds(collection, ids) {
  const unique = [...new Set(ids.filter((id) => id != null))];
  if (!unique.length) return ids.map(() => null);
  const found = store.collection(collection).find({ _id: { $in: unique } }, { projection: SHOWN[collection] });
  const docs = new Map((await found.batchSize(unique.length + 1).toArray()).map((doc) => [doc._id, shown(doc)]));
  return ids.map((id) => docs.get(id) ?? null);
}

function encode(list, doc) {
  return Buffer.from(JSON.stringify([list, "NAME ASC", doc.name, doc._id])).toString("base64url");
}

function beyond(cursor) {
  if (!cursor) return {};
  const [, , name, id] = JSON.parse(Buffer.from(cursor, "base64url").toString());
  return { name: { $gte: name }, $or: [{ name: { $gt: name } }, { name, _id: { $gt: id } }] };
}

/** A page of a whole collection, by name. */
export async function page(collection, first, after) {
  const found = store.collection(collection).find({ ...LIVE, ...beyond(after) }, { projection: SHOWN[collection] });
  const docs = await found.sort({ name: 1, _id: 1 }).limit(first + 1).batchSize(first + 2).toArray();
  const nodes = docs.slice(0, first).map(shown);
  const endCursor = nodes.length ? encode(collection, nodes.at(-1)) : null;
  return { nodes, pageInfo: { hasNextPage: docs.length > first, endCursor } };
}

/** The first few children of each parent. */
export const children = process.env.PEER_SCAN ? scanned : cut;

async function cut(collection, by, order, parents, first) {
  const keys = [...new Set(parents)];
  const found = store.collection(collection).find({ [by]: { $in: keys }, ...LIVE }, { projection: SHOWN[collection] });
  const docs = await found.sort({ [by]: 1, [order]: 1, _id: 1 }).batchSize(100_000).toArray();
  const grouped = new Map(keys.map((key) => [key, []]));
  for (const doc of docs) {
    const group = grouped.get(doc[by]);
    if (group.length < first) group.push(shown(doc));
  }
  return parents.map((key) => ({ nodes: grouped.get(key) }));
}

/** A scan with room for twice as many as are wanted, and a look-up of what it did not finish. */
async function scanned(collection, by, order, parents, first) {
  const keys = [...new Set(parents)];
  const limit = keys.length * first * 2 + 50;
  const found = store.collection(collection).find({ [by]: { $in: keys }, ...LIVE }, { projection: SHOWN[collection] });
  const docs = await found.sort({ [by]: 1, [order]: 1, _id: 1 }).limit(limit).batchSize(limit + 1).toArray();
  const grouped = new Map(keys.map((key) => [key, []]));
  for (const doc of docs) {
    const group = grouped.get(doc[by]);
    if (group.length < first) group.push(shown(doc));
  }
  if (docs.length === limit) await finish(grouped, docs.at(-1)[by], collection, by, order, first);
  return parents.map((key) => ({ nodes: grouped.get(key) }));
}

async function finish(grouped, last, collection, by, order, first) {
  const short = (key) => key === last && grouped.get(key).length < first;
  const rest = [...grouped.keys()].filter((key) => key > last || short(key));
  const stages = [{ $match: LIVE }, { $sort: { [order]: 1, _id: 1 } }, { $limit: first }, { $project: SHOWN[collection] }];
  const lookup = { from: collection, localField: "key", foreignField: by, pipeline: stages, as: "docs" };
  const rows = store.aggregate([{ $documents: rest.map((key) => ({ key })) }, { $lookup: lookup }]);
  for await (const { key, docs } of rows) grouped.set(key, docs.map(shown));
}

/** What each organization owes in its own currency, from the amounts that stand on its invoices. */
export async function statements(organizations) {
  const ids = organizations.map((each) => each.id);
  const overdue = { $cond: [{ $lt: ["$dueAt", new Date()] }, "$amountDue.amount", ZERO] };
  const sums = { open: { $sum: 1 }, due: { $sum: "$amountDue.amount" }, overdue: { $sum: overdue } };
  const rows = await store
    .collection("invoices")
    .aggregate([
      { $match: { organizationId: { $in: ids }, status: "OPEN", ...LIVE } },
      { $group: { _id: { o: "$organizationId", c: "$currency" }, ...sums } },
    ], { batchSize: 1_000 })
    .toArray();
  const found = new Map(rows.map((row) => [`${row._id.o} ${row._id.c}`, row]));
  return organizations.map(({ id, currency }) => {
    const row = found.get(`${id} ${currency}`) ?? { open: 0, due: ZERO, overdue: ZERO };
    const money = (amount) => ({ amount: amount.toString(), currency });
    return { outstandingBalance: money(row.due), overdueBalance: money(row.overdue), openInvoices: row.open };
  });
}

/** An instant as this project shows it. */
export function instant(value) {
  return value.toISOString().replace(".000Z", "Z");
}
