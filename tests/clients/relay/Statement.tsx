// What a customer owes: an input object that takes one of its fields, enumerations, money as exact text, times.
import { graphql, useLazyLoadQuery } from "react-relay";

import type { StatementQuery, StatementScope } from "./__generated__/StatementQuery.graphql";

export function Statement({ externalId, scope }: { externalId: string; scope: StatementScope }) {
  const { organization } = useLazyLoadQuery<StatementQuery>(
    graphql`
      query StatementQuery($by: OrganizationBy!, $scope: StatementScope!, $asOf: DateTime) {
        organization(by: $by) {
          statements(scope: $scope, asOf: $asOf) {
            id
            openInvoices
            outstandingBalance {
              amount
              currency
            }
            unpaidInvoices(first: 10) {
              nodes {
                id
                number
                dueAt
              }
            }
          }
        }
      }
    `,
    { by: { externalId }, scope, asOf: "2026-01-31T00:00:00Z" },
  );
  return organization?.statements?.map(({ id, outstandingBalance, unpaidInvoices }) => (
    <section key={id}>
      {`${outstandingBalance.amount} ${outstandingBalance.currency}`}
      {unpaidInvoices.nodes.map(({ number, dueAt }) => `${number} is due at ${dueAt}`)}
    </section>
  ));
}
