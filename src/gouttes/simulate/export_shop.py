"""A shop: orders with promised and actual delivery, and returns, as a French shop exports them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gouttes.simulate.truth import Truth

# Dates and hours are those of Paris, amounts have a decimal comma: what the preset must understand.
ORDERS_SQL = """
with step as (
    select number,
        max(occurred_at) filter (kind = 'order.delivered') as delivered_at,
        max(occurred_at) filter (kind = 'order.cancelled') as cancelled_at,
        max(due_at) filter (kind = 'promise.made') as due_at
    from log where source = 'shop' group by number
)
select 'C' || l.number as "N° de commande", french_time(l.occurred_at) as "Date", r.key as "N° client",
    r.first || ' ' || r.last as "Client", r.email as "E-mail", r.phone as "Téléphone", r.postcode as "Code postal",
    r.city as "Ville", l.product as "Produit", comma(l.amount) as "Montant", l.currency as "Devise",
    french_time(s.due_at) as "Livraison promise", french_time(s.delivered_at) as "Livré le",
    french_time(s.cancelled_at) as "Annulée le",
    case when s.cancelled_at is not null then 'Annulée' when s.delivered_at is not null then 'Livrée'
         else 'Expédiée' end as "Statut"
from log l join step s using (number)
join records r on r.system = 1 and r.who = l.who and r.second = l.second
where l.kind = 'order.placed' order by l.line
"""

RETURNS_SQL = """
select 'R' || l.number as "N° de retour", 'C' || l.number as "N° de commande",
    french_time(l.occurred_at) as "Date de retour", r.key as "N° client", r.email as "E-mail", l.product as "Produit",
    comma(l.amount) as "Montant remboursé", l.currency as "Devise"
from log l join records r on r.system = 1 and r.who = l.who and r.second = l.second
where l.kind = 'order.returned' order by l.line
"""

MACROS = (
    "create or replace macro french_time(moment) as strftime(timezone('Europe/Paris', moment), '%d/%m/%Y %H:%M:%S')",
    "create or replace macro comma(amount) as replace(printf('%.2f', amount), '.', ',')",
)


def write(connection: Any, folder: Path, truth: Truth) -> list[Path]:  # noqa: ANN401, ARG001 -- a DuckDB connection; same call for every system
    """Write the shop's tables: semicolons, French headings, UTF-8."""
    for macro in MACROS:
        connection.execute(macro)
    paths = []
    for name, query in {"orders": ORDERS_SQL, "returns": RETURNS_SQL}.items():
        path = folder / f"{name}.csv"
        connection.sql(query).write_csv(str(path), sep=";")
        paths.append(path)
    return paths
