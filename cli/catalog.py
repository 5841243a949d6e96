"""catalog: say that products are sold out or available again, and see what is sold out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from cli import exits

if TYPE_CHECKING:
    from udfs.news import News

PRODUCTS = typer.Argument(metavar="PRODUCT...", help="Ids of products, as events name them.")
VARIANT = typer.Option(None, help="Only this variant of each of them.")
DRY_RUN = typer.Option(False, "--dry-run", help="Say what would be told, and write nothing.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")

group = typer.Typer(name="catalog", help="What is sold out: mails leave it out.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("sold-out")
def sold_out(
    products: list[str] = PRODUCTS, variant: str = VARIANT, dry_run: bool = DRY_RUN, as_json: bool = AS_JSON
) -> None:
    """Leave products out of mails from now on."""
    _tell(products, variant, False, dry_run, as_json)


@group.command()
def available(
    products: list[str] = PRODUCTS, variant: str = VARIANT, dry_run: bool = DRY_RUN, as_json: bool = AS_JSON
) -> None:
    """Take that back; a variant that was said to be sold out stays so until it is said of the variant."""
    _tell(products, variant, True, dry_run, as_json)


@group.command("list")
def list_products(as_json: bool = AS_JSON) -> None:
    """Show what is sold out as the topic has it now, and since when."""
    from cli.servers import asked, settings
    from cli.wording import instant
    from connectors.news_log import CATALOG, read_log
    from udfs.news import News

    where = settings()
    last: dict[str, News] = {}
    with asked(where):
        for told in read_log(where.kafka, where.namespace, where.bound, CATALOG):
            if isinstance(told.news, News):
                last[told.news.about] = max(told.news, last.get(told.news.about, told.news), key=_age)
    gone = sorted((news for news in last.values() if not news.available), key=lambda one: (one.key, one.variant or ""))
    if as_json:
        typer.echo(json.dumps([{"product_id": one.key, "variant": one.variant, "since": one.since} for one in gone]))
        return
    for one in gone:
        typer.echo(f"{_named(one.key, one.variant)}: sold out since {instant(one.since)}")
    if not gone:
        typer.echo("Nothing is sold out, as far as the topic catalog says.", err=True)


def _tell(products: list[str], variant: str | None, is_available: bool, dry_run: bool, as_json: bool) -> None:
    from cli.servers import asked, settings
    from connectors.news_log import CATALOG, present, refusal, tell

    where = settings()
    with asked(where):
        at = present(where.kafka, where.namespace, where.bound, CATALOG)
        if at is None:
            exits.fail("The input topics have told nothing yet, so nobody knows what time it is there.", exits.INPUT)
        records = [
            {"product_id": product, "variant": variant, "available": is_available, "timestamp": at}
            for product in dict.fromkeys(products)
        ]
        for record in records:
            if why := refusal(record, CATALOG):
                exits.fail(f"{record['product_id'] or 'PRODUCT'}: {why}. Nothing is told.", exits.USAGE)
        if not dry_run:
            tell(where.kafka, where.namespace, records, CATALOG)
    if as_json:
        typer.echo(json.dumps([record | {"written": not dry_run} for record in records]))
        return
    for record in records:
        said = "available again" if is_available else "sold out"
        typer.echo(f"{_named(str(record['product_id']), variant)}: {said}{' (not written)' if dry_run else ''}")


def _age(news: News) -> tuple[int, int]:
    return news.since, news.order


def _named(product: str, variant: str | None) -> str:
    return product if variant is None else f"{product} in {variant}"
