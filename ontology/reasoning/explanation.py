"""Why a class is under another: a smallest set of axioms, and the steps from them to the answer.

An explanation is a minimal justification: leave out any of its axioms, and the rest no longer gives the answer (Kalyanpur,
Parsia, Horridge and Sirin, "Finding all justifications of OWL DL entailments", ISWC 2007). There may be others; this is one
that a breadth-first search meets early, so its steps are few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyhornedowl import model as owl
from pyhornedowl import open_ontology_from_string

from impckg.graph.errors import QueryError
from impckg.ontology.reasoning.axioms import Source
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.concepts import NOTHING, OWL, Concepts
from impckg.ontology.reasoning.rules import RuleBook, Rules, compile_rules
from impckg.ontology.reasoning.tracing import Fact, Subsumer, Trace


@dataclass(frozen=True, eq=False)
class SaidAxiom:
    """An axiom, with its annotations, and the document that says it."""

    component: owl.AnnotatedComponent
    source: Source


@dataclass(frozen=True, eq=False)
class Step:
    """A conclusion, and what it is drawn from.

    conclusion: a SubClassOf axiom.
    rule: which rule of the calculus (tracing.py).
    premises: steps before, by their place. axioms: of the explanation, by their place.
    """

    conclusion: owl.SubClassOf
    rule: str
    premises: tuple[int, ...]
    axioms: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why sub is under sup (IRIs): axioms of which none can be left out, and steps, the last of which is the answer."""

    sub: str
    sup: str
    axioms: tuple[SaidAxiom, ...]
    steps: tuple[Step, ...]


def explain(classification: Classification, sub: str, sup: str) -> Explanation:
    """Explain an inferred subsumption; of a class that can have no instance, why it can have none.

    sub, sup: IRIs of named classes; sup may be owl:Nothing.

    Raises QueryError where a class is not known, and where the first is not under the second.
    """
    nothing = OWL + "Nothing"
    for iri in {sub, sup} - {nothing}:
        if iri not in classification.number:
            raise QueryError(f"{iri} is no class of the classified ontologies")
    if sub in classification.unsatisfiable:
        sup = nothing
    elif sub != sup and not _is_under(classification, sub, sup):
        raise QueryError(f"{sub} is not under {sup}, so there is nothing to explain")
    enough = _enough(classification, sub, sup)
    minimal = _minimal(enough, sub, sup)
    steps = _steps([said.component.component for said in minimal], sub, sup)
    return Explanation(sub, sup, tuple(minimal), steps)


def _is_under(classification: Classification, sub: str, sup: str) -> bool:
    if sup not in classification.number:
        return False
    return classification.number[sup] in classification.taxonomy.above.row(classification.number[sub])


def _enough(classification: Classification, sub: str, sup: str) -> list[SaidAxiom]:
    """Axioms that are enough, though some may not be needed."""
    concepts, rules = classification.concepts, classification.rules
    trace, goal = _traced(concepts, rules, sub, sup)
    used = {axiom for fact in _behind(trace, goal) for axiom in trace.reasons[fact].axioms}
    found = _said(classification, sorted(used))
    if not _follows(found, sub, sup):
        # A context was entered by a second property with the same ranges, for other reasons than the first.
        roles = rules.roles
        about_roles = {
            int(row[-1])
            for table in (roles.inclusions, roles.chains, roles.ranges)
            for row in table
            if row[-1] >= 0
        }
        found = _said(classification, sorted(used | about_roles))
    return found


def _said(classification: Classification, axioms: Iterable[int]) -> list[SaidAxiom]:
    """Read axioms again from their text."""
    said = {}
    for axiom in axioms:
        text = classification.axioms.text(axiom)
        if text not in said:
            said[text] = SaidAxiom(_component(text), classification.axioms.source(axiom))
    return list(said.values())


def _component(text: str) -> owl.AnnotatedComponent:
    (component,) = (
        found
        for found in open_ontology_from_string(f"Ontology({text})", "ofn").get_components()
        if not isinstance(found.component, owl.OntologyID)
    )
    return component


def _minimal(axioms: list[SaidAxiom], sub: str, sup: str) -> list[SaidAxiom]:
    """Leave out one axiom after the other, where the rest still gives the answer."""
    needed = axioms
    for axiom in axioms:
        without = [other for other in needed if other is not axiom]
        if _follows(without, sub, sup):
            needed = without
    return needed


def _follows(axioms: Sequence[SaidAxiom], sub: str, sup: str) -> bool:
    book = _book([said.component.component for said in axioms], sub, sup)
    trace, goal = _traced(book.concepts, compile_rules(book), sub, sup)
    return goal in trace.reasons


def _book(axioms: Sequence[owl.Component], sub: str, sup: str) -> RuleBook:
    book = RuleBook()
    for iri in (sub, sup):
        book.concepts.named(iri)
    for place, axiom in enumerate(axioms):
        book.add_axiom(axiom, (0, place))
    return book


def _traced(concepts: Concepts, rules: Rules, sub: str, sup: str) -> tuple[Trace, Subsumer]:
    trace = Trace(concepts, rules)
    context = int(rules.context_of[concepts.named(sub)])
    goal = (context, NOTHING if sup == OWL + "Nothing" else concepts.named(sup))
    trace.start(context)
    trace.run(goal)
    return trace, goal


def _behind(trace: Trace, goal: Fact) -> list[Fact]:
    """The facts that a fact rests on, and itself, each after those that it rests on."""
    needed = set()
    waiting = [goal]
    while waiting:
        fact = waiting.pop()
        if fact not in needed:
            needed.add(fact)
            waiting += trace.reasons[fact].premises
    # Facts are found after what they rest on.
    return [fact for fact in trace.reasons if fact in needed]


def _steps(axioms: Sequence[owl.Component], sub: str, sup: str) -> tuple[Step, ...]:
    book = _book(axioms, sub, sup)
    rules = compile_rules(book)
    trace, goal = _traced(book.concepts, rules, sub, sup)
    behind = _behind(trace, goal)
    hidden = _hidden(trace, behind, goal)
    place: dict[Fact, int] = {}
    steps: list[Step] = []
    for fact in behind:
        if fact not in hidden:
            place[fact] = len(steps)
            premises = sorted({place[shown] for shown in _shown(trace, fact, hidden)})
            used = tuple(book.axioms[axiom][1] for axiom in trace.reasons[fact].axioms)
            conclusion = _conclusion(book.concepts, rules, fact)
            steps.append(Step(conclusion, trace.reasons[fact].rule, tuple(premises), used))
    return tuple(steps)


def _hidden(trace: Trace, behind: Sequence[Fact], goal: Fact) -> set[Fact]:
    """Facts that tell a reader nothing.

    These are: what a context begins with; a link that says again what an existential said, and the other way round; half
    of a conjunction that only serves to make the whole.
    """
    uses: dict[Fact, list[str]] = {}
    for fact in behind:
        for premise in trace.reasons[fact].premises:
            uses.setdefault(premise, []).append(trace.reasons[fact].rule)
    found = set()
    for fact in behind:
        rule = trace.reasons[fact].rule
        repeats = rule == "definition" or (
            rule == "existential" and (len(fact) == 3 or _says_its_link(trace, fact))
        )
        half = rule == "conjunction" and set(uses.get(fact, ())) == {"conjunction"}
        if fact != goal and (repeats or half):
            found.add(fact)
    return found


def _says_its_link(trace: Trace, fact: Subsumer) -> bool:
    """Whether an existential says no more than the link that it was composed from."""
    link, filler = trace.reasons[fact].premises
    same_role = int(trace.rules.arrays.role[fact[1]]) == link[1]
    return same_role and int(trace.rules.root[filler[0]]) == filler[1]


def _shown(trace: Trace, fact: Fact, hidden: set[Fact]) -> list[Fact]:
    """The facts that a fact rests on, with those behind them where they are hidden."""
    found: list[Fact] = []
    for premise in trace.reasons[fact].premises:
        found += _shown(trace, premise, hidden) if premise in hidden else [premise]
    return found


def _conclusion(concepts: Concepts, rules: Rules, fact: Fact) -> owl.SubClassOf:
    root = concepts.written(int(rules.root[fact[0]]))
    if len(fact) == 2:
        return owl.SubClassOf(root, concepts.written(fact[1]))
    linked = concepts.some(concepts.roles[fact[1]], int(rules.root[fact[2]]))
    return owl.SubClassOf(root, concepts.written(linked))
