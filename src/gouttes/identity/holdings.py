"""What may tie subjects together: groups of subjects that hold one key, and that nothing visible tells apart.

A mailbox or a phone may be a couple's. Under one such key, holders whose names contradict each other are told apart;
a holder that could be either of two is neither, and is put before a person. Where a source is known to give
switchboards (*weak*), the family names must agree as well.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import ibis

from gouttes.engines import kept
from gouttes.identity.keys import BETWEEN, field_of, source_of, values
from gouttes.identity.names import names_contradict
from gouttes.settings.identity import REACHED_BY

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.settings.identity import Condition, IdentitySettings, MatchRule

HUMAN, DECLARED, LINKAGE = "human", "same_as", "linkage"
VOUCHED = ("external_id", DECLARED)
"""Fields that a source vouches for: a guest shop rightly has hundreds of records under one customer number."""

HASH_LENGTH = 16


class Holdings(NamedTuple):
    """What ties, and what only might.

    Attributes:
        ties: ``rank, group, subject``: the subjects of one group are one person, by the rule of that rank.
        doubts: DOUBTS (``subject, other, rule, reason``): pairs that are put before a person.
    """

    ties: ir.Table
    doubts: ir.Table


def ranked(settings: IdentitySettings) -> tuple[str, ...]:
    """The rules that join, the surest first: a person's word, a source's word, the rules in order, the model."""
    rules = [rule.name for rule in settings.rules if rule.then == "link"]
    return (HUMAN, DECLARED, *rules, LINKAGE)


def set_aside(keys: ir.Table, records: ir.Table, settings: IdentitySettings) -> ir.Table:
    """``field, key, subjects, names`` of the keys that join nobody: too many subjects hold them, or too many names.

    Args:
        keys: KEYS, all rows of the keys concerned.
        records: RECORDS of their holders.
        settings: ``max_shared`` and ``household``.
    """
    guarded = keys.filter(~keys["field"].isin(VOUCHED)).select("subject", "field", "key").distinct()
    counted = guarded.group_by("field", "key").agg(subjects=guarded.count())
    crowded = counted.filter(counted["subjects"] > settings.max_shared).mutate(names=ibis.null("int64"))
    small = counted.filter((counted["subjects"] > settings.household) & (counted["subjects"] <= settings.max_shared))
    reached = guarded.filter(guarded["field"].isin(REACHED_BY)).semi_join(small, ["field", "key"])
    called = reached.inner_join(_called(records), "subject")
    names = called.group_by("field", "key").agg(names=called["called"].nunique())
    many = small.inner_join(names.filter(names["names"] > settings.household), ["field", "key"])
    return crowded.union(many.select("field", "key", "subjects", "names"))


def _called(records: ir.Table) -> ir.Table:
    named = records.select("subject", called=ibis.coalesce(records["first_root"], records["last_root"]))
    return named.filter(named["called"].notnull())


def hashed(heavy: ir.Table) -> ir.Table:
    """``field, key_hash, subjects, names``: the keys set aside, told apart without being told."""
    digest = heavy["key"].hexdigest("md5").substr(0, HASH_LENGTH)
    return heavy.select("field", key_hash=digest, subjects="subjects", names="names")


def of_keys(
    connection: SQLBackend, keys: ir.Table, records: ir.Table, heavy: ir.Table, settings: IdentitySettings
) -> Holdings:
    """What keys tie.

    Args:
        connection: holds what is used several times.
        keys: KEYS of all holders of the keys concerned.
        records: RECORDS of these holders.
        heavy: ``field, key`` that join nobody.
        settings: the rules.
    """
    joining = keys.select("subject", "field", "key").distinct().anti_join(heavy, ["field", "key"])
    declared = joining.filter(joining["field"] == DECLARED)
    ties, doubts = [_declared(declared, ranked(settings).index(DECLARED))], []
    for rule in settings.rules:
        held = kept(connection, _held(joining, rule))
        group = ibis.literal(f"{rule.name}{BETWEEN}") + held["key"]
        found = held.select("subject", group=group)
        if field_of(rule) in REACHED_BY:
            found, unclear = _by_name(connection, held, records, settings, rule)
            doubts.append(unclear)
        likenesses = [each for each in rule.all if each.how == "fuzzy"]
        if likenesses or rule.then == "review":
            pairs = kept(connection, _alike(found, [(each, values(each, keys, keys, records)) for each in likenesses]))
            found = _as_groups(pairs)
        if rule.then == "review":
            doubts.append(_doubts(pairs, rule.name, "rule"))
        else:
            rank = ranked(settings).index(rule.name)
            ties.append(found.select("group", "subject", rank=ibis.literal(rank, type="int64")))
    told = ibis.union(*doubts) if doubts else _doubts(ties[0].select("subject", other="subject").limit(0), "", "")
    return Holdings(_columns(ibis.union(*ties) if len(ties) > 1 else ties[0]), told)


def _columns(ties: ir.Table) -> ir.Table:
    return ties.select("rank", "group", "subject")


def _declared(declared: ir.Table, rank: int) -> ir.Table:
    """A subject and whom it is declared to be."""
    group = ibis.literal(f"{DECLARED}{BETWEEN}") + declared["subject"] + ibis.literal(BETWEEN) + declared["key"]
    pairs = declared.filter(declared["subject"] != declared["key"]).select("subject", other="key", group=group)
    both = pairs.select("group", "subject").union(pairs.select("group", subject="other"))
    return both.mutate(rank=ibis.literal(rank, type="int64"))


def _held(joining: ir.Table, rule: MatchRule) -> ir.Table:
    """``subject, key``: who holds a key of this rule that another holds too."""
    own = joining.filter(joining["field"] == field_of(rule)).select("subject", "key")
    counted = own.group_by("key").agg(holders=own.count())
    return own.semi_join(counted.filter(counted["holders"] > 1), "key")


def _by_name(
    connection: SQLBackend, held: ir.Table, records: ir.Table, settings: IdentitySettings, rule: MatchRule
) -> tuple[ir.Table, ir.Table]:
    """``subject, group`` of the holders of one mailbox or phone, sorted by name; and those that could be either."""
    called = kept(connection, _named(held, records, settings, rule.all[0].field))
    nodes = called.select("key", "first", "last", "weak", "node").distinct()
    doubtful = nodes["weak"] | (nodes["first"].isnull() & nodes["last"].notnull())
    counted = nodes.group_by("key").agg(firsts=nodes["first"].nunique(), doubtful=doubtful.any())
    several = nodes.semi_join(counted.filter((counted["firsts"] > 1) | counted["doubtful"]), "key")
    several = kept(connection, several)
    group = ibis.literal(f"{rule.name}{BETWEEN}")
    if not several.count().execute():
        nobody = called.limit(0).select("subject", other="subject")
        return called.select("subject", group=group + called["key"]), _doubts(nobody, rule.name, "names")
    labels, either = _sorted_nodes(connection, several)
    one_name = called.anti_join(several, "key").select("subject", "key", label=ibis.literal(""))
    sorted_out = called.inner_join(labels, ["key", "node"]).select("subject", "key", "label")
    placed = kept(connection, one_name.union(sorted_out))
    found = placed.select("subject", group=group + placed["key"] + ibis.literal(BETWEEN) + placed["label"])
    hubs = placed.group_by("key", "label").agg(other=placed["subject"].min())
    asked = (
        called.inner_join(either, ["key", "node"]).select("subject", "key", "label").inner_join(hubs, ["key", "label"])
    )
    return found, _doubts(asked.filter(asked["subject"] != asked["other"]), rule.name, "names")


def _named(held: ir.Table, records: ir.Table, settings: IdentitySettings, field: str) -> ir.Table:
    """``subject, key, first, last, weak, node`` of the holders; a weak one without a family name is left out.

    Holders of one ``node`` are never told apart: one first name under one mailbox is one person.
    """
    known = records.select("subject", first="first_root", last="last_root")
    called = held.left_join(known.rename(of="subject"), held["subject"] == known["subject"]).drop("of")
    sources = [source for source, fields in settings.weak.items() if field in fields]
    weak = source_of(called["subject"]).isin(sources) if sources else ibis.literal(value=False)
    called = called.mutate(weak=weak)
    parts = [called["first"].fill_null(""), called["last"].fill_null(""), called["weak"].cast("string")]
    full = reduce(lambda text, part: text + ibis.literal(BETWEEN) + part, parts)
    called = called.mutate(node=ibis.ifelse(called["weak"], full, ibis.coalesce(called["first"], full)))
    return called.filter(~called["weak"] | called["last"].notnull())


def _sorted_nodes(connection: SQLBackend, nodes: ir.Table) -> tuple[ir.Table, ir.Table]:
    """``key, node, label``: names under one key that may be one person's; ``key, node, label`` of what could be either.

    First names come first: who has one goes with whom it does not contradict. Who has none goes with the one label
    that it does not contradict; where there are two, it could be either; where there is none, with its own like.
    """
    compared = kept(connection, _compared(nodes))
    named = compared.filter(compared["named"] & compared["other_named"])
    labels, either = _classes(connection, named)
    friends = compared.filter(~compared["clash"] & ~compared["named"] & compared["other_named"])
    could = friends.inner_join(labels.rename(other="node"), ["key", "other"]).select("key", "node", "label").distinct()
    ways = could.group_by("key", "node").agg(ways=could.count())
    several = kept(connection, could.semi_join(ways.filter(ways["ways"] > 1), ["key", "node"]))
    one = could.semi_join(ways.filter(ways["ways"] == 1), ["key", "node"])
    bare = compared.filter(~compared["named"] & ~compared["other_named"])
    bare = bare.anti_join(could, ["key", "node"]).anti_join(could.select("key", other="node"), ["key", "other"])
    bare_labels, bare_either = _classes(connection, kept(connection, bare))
    return (
        kept(connection, ibis.union(labels, one, bare_labels)),
        kept(connection, ibis.union(either, several, bare_either)),
    )


def _compared(nodes: ir.Table) -> ir.Table:
    """``key, node, other, named, other_named, clash``: each two names under one key, and whether they are two people's.

    A name is *named* where it has a first name. Two first names clash where they do with all their family names.
    """
    here = nodes.rename(left_first="first", left_last="last", left_weak="weak")
    there = nodes.rename(right_first="first", right_last="last", right_weak="weak", other="node")
    pairs = here.inner_join(there, "key")
    names = [pairs[f"{side}_{part}"] for side in ("left", "right") for part in ("first", "last")]
    same_family = (pairs["left_last"] == pairs["right_last"]).fill_null(False)  # noqa: FBT003 -- a value
    clash = names_contradict(*names) | ((pairs["left_weak"] | pairs["right_weak"]) & ~same_family)
    known = {"named": pairs["left_first"].notnull(), "other_named": pairs["right_first"].notnull()}
    told = pairs.select("key", "node", "other", clash=clash, **known)
    return told.group_by("key", "node", "other", "named", "other_named").agg(clash=told["clash"].all())


def _classes(connection: SQLBackend, compared: ir.Table) -> tuple[ir.Table, ir.Table]:
    """``key, node, label`` of names that go together; ``key, node, label`` of those between two that contradict.

    Once those between are out, not contradicting is passed on, so that the smallest name one agrees with is a label.
    Who is between keeps to its own like: one name twice under one mailbox is one person.
    """
    friends = compared.filter(~compared["clash"]).select("key", "node", "other")
    seconds = friends.rename(second="other")
    ways = friends.inner_join(seconds, ["key", "node"]).select("key", "node", left="other", right="second")
    foes = compared.filter(compared["clash"]).select("key", left="node", right="other")
    between = kept(connection, ways.semi_join(foes, ["key", "left", "right"]).select("key", "node").distinct())
    clear = friends.anti_join(between, ["key", "node"]).anti_join(between.select("key", other="node"), ["key", "other"])
    labels = clear.group_by("key", "node").agg(label=clear["other"].min())
    labels = kept(connection, labels.union(between.select("key", "node", label="node")))
    reached = friends.semi_join(between, ["key", "node"]).inner_join(labels.rename(other="node"), ["key", "other"])
    either = reached.filter(reached["label"] != reached["node"]).select("key", "node", "label").distinct()
    return labels, either


def _alike(found: ir.Table, likenesses: list[tuple[Condition, ir.Table]]) -> ir.Table:
    """``subject, other`` (smaller first) within the groups of ``found`` that are alike in every way asked."""
    others = found.rename(other="subject")
    pairs = found.inner_join(others, "group").filter(lambda t: t["subject"] < t["other"])
    pairs = pairs.select("subject", "other").distinct()
    for condition, known in likenesses:
        both = pairs.inner_join(known.rename(left="value"), "subject")
        both = both.inner_join(known.select(other="subject", right="value"), "other")
        length = ibis.greatest(both["left"].length(), both["right"].length())
        near = 1 - both["left"].levenshtein(both["right"]) / length
        pairs = both.filter(near >= condition.at_least).select("subject", "other").distinct()
    return pairs


def _as_groups(pairs: ir.Table) -> ir.Table:
    named = pairs.mutate(group=pairs["subject"] + ibis.literal(BETWEEN) + pairs["other"])
    return named.select("group", "subject").union(named.select("group", subject="other"))


def _doubts(pairs: ir.Table, rule: str, reason: str) -> ir.Table:
    return pairs.select("subject", "other", rule=ibis.literal(rule), reason=ibis.literal(reason)).distinct()


def of_pairs(pairs: ir.Table, settings: IdentitySettings, *, link_at: float) -> ir.Table:
    """``rank, group, subject`` of the pairs (LIKENESSES) that the model finds at least as probable as ``link_at``."""
    sure = pairs.filter((pairs["probability"] >= link_at) & (pairs["subject"] < pairs["other"]))
    rank = ibis.literal(ranked(settings).index(LINKAGE), type="int64")
    return _columns(_as_groups(sure.select("subject", "other")).mutate(rank=rank))


def declared_subjects(keys: ir.Table) -> ir.Table:
    """The subjects that a declared link names, whether or not they have been seen."""
    return keys.filter(keys["field"] == DECLARED).select(subject="key")
