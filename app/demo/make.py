"""Making the files in `data/` from their sources: `python -m app.demo.make SOURCES`.

SOURCES holds `organizations.csv` (from the Research Organization Registry) and `customers.csv`, `invoices.csv` and
`invoice_lines.csv` (from the Chinook sample database). Finoptic's files are written by hand, and not made here.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pycountry

from app.entities.addresses import normalise_email
from app.organizations.domains import domain_of, is_public

DATA = Path(__file__).parent / "data"
ORGANIZATIONS = 300
# Whole trees, by the external ids of their tops: the ETH Domain (ETH Zurich has 102 children), the governments of
# Québec and of Western Australia (five levels), University of California, University Health Network, PerkinElmer, Novo.
TREES = ("01rvn4p91", "05waa5295", "00wqdbc63", "00pjdza24", "042xt5161", "05s8x7560", "04txyc737")
RECENT = "2025-10-01"
PARTLY_PAID, OVERPAID, VOIDED, WRITTEN_OFF = "392", "393", "394", "395"
COUNTRIES = {"USA": "US", "Czech Republic": "CZ"}
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, rows: Sequence[Row]) -> None:
    """A CSV file in `data/`."""
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def chosen(rows: list[Row]) -> list[Row]:
    """Whole trees, and organizations that stand alone, in the order of the source."""
    parent = {row["external_id"]: row["parent_external_id"] for row in rows}
    has_children = set(parent.values())
    alone = [each for each in parent if not parent[each] and each not in has_children]
    trees = {each for each in parent if top(each, parent) in TREES}
    wanted = trees | set(alone[: ORGANIZATIONS - len(trees)])
    return [row for row in rows if row["external_id"] in wanted]


def top(name: str, parent: dict[str, str]) -> str:
    """The top of a tree."""
    while parent[name]:
        name = parent[name]
    return name


def customer(row: Row) -> Row:
    """A customer's organization: its company, else the person."""
    domain = domain_of(normalise_email(row["Email"]))
    person = f"{row['FirstName']} {row['LastName']}"
    return {
        "external_id": f"chinook-{row['CustomerId']}",
        "name": row["Company"] or person,
        "kind": "COMPANY" if row["Company"] else "INDIVIDUAL",
        "associated_domains": domain if row["Company"] and not is_public(domain) else "",
        "primary_email": row["Email"],
        "address1": row["Address"],
        "zip": row["PostalCode"],
        "city": row["City"],
        "state": row["State"],
        "country": country(row["Country"]),
        "phone": row["Phone"],
        "billing_email": row["Email"],
    }


def country(name: str) -> str:
    """The ISO 3166-1 code of a country's name."""
    return COUNTRIES.get(name) or str(pycountry.countries.lookup(name).alpha_2)


def subscriber(row: Row) -> Row:
    """A customer as a person."""
    return {
        "email": row["Email"],
        "first_name": row["FirstName"],
        "last_name": row["LastName"],
        "subscriber_id": f"chinook-{row['CustomerId']}",
        "organization_external_id": f"chinook-{row['CustomerId']}",
    }


def invoice(row: Row, lines: Iterable[Row], total: Decimal) -> Iterable[Row]:
    """An invoice, a row for each of its lines, with its facts on the first."""
    issued = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
    header = {
        "number": f"INV-{int(row['InvoiceId']):04}",
        "organization_external_id": f"chinook-{row['CustomerId']}",
        "currency": "USD",
        "issued_at": issued.isoformat(),
    }
    facts = settlement(row["InvoiceId"], issued, total)
    for line in lines:
        about = {"line_description": f"Track {line['TrackId']}", "quantity": line["Quantity"]}
        yield header | facts | about | {"unit_price": line["UnitPrice"], "subscriber_email": row["Email"]}
        facts = dict.fromkeys(facts, "")


def settlement(number: str, issued: datetime, total: Decimal) -> Row:
    """What became of an invoice. The source does not say; the rule is in the README."""
    paid_at = (issued + timedelta(days=5 + int(number) % 20, hours=12)).isoformat()
    paid = {"paid_at": paid_at, "paid_amount": str(total), "payment_reference": f"CHK-{int(number):04}"}
    nothing = dict.fromkeys((*paid, "voided_at", "written_off_at"), "")
    later = (issued + timedelta(days=60)).isoformat()
    special: dict[str, Row] = {
        PARTLY_PAID: paid | {"paid_amount": "1.00"},
        OVERPAID: paid | {"paid_amount": str(total + 5)},
        VOIDED: {"voided_at": (issued + timedelta(days=3)).isoformat()},
        WRITTEN_OFF: {"written_off_at": later},
    }
    is_paid = issued.isoformat() < RECENT or int(number) % 3 == 0
    return nothing | special.get(number, paid if is_paid else {})


def invoices(sources: Path) -> list[Row]:
    """All of them, in the order of their numbers."""
    email = {row["CustomerId"]: row["Email"] for row in read(sources / "customers.csv")}
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in read(sources / "invoice_lines.csv"):
        lines[line["InvoiceId"]].append(line)
    rows: list[Row] = []
    for row in read(sources / "invoices.csv"):
        rows += invoice(row | {"Email": email[row["CustomerId"]]}, lines[row["InvoiceId"]], Decimal(row["Total"]))
    return rows


def make(sources: Path) -> None:
    """Every file that is made from a source."""
    customers = read(sources / "customers.csv")
    write("research_organizations.csv", chosen(read(sources / "organizations.csv")))
    write("chinook_organizations.csv", [customer(row) for row in customers])
    write("chinook_subscribers.csv", [subscriber(row) for row in customers])
    write("chinook_invoices.csv", invoices(sources))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
