// Classifies an ontology with a reasoner of the JVM and writes down what it infers, for comparison with ours.
//
//   java -Xmx8g -cp 'lib/*' Classify.java ELK|WHELK|HERMIT|JFACT ontology.ofn subsumptions.tsv
//
// The output has a line for each pair of a satisfiable named class and a strict or equivalent named superclass, without owl:Thing,
// and `class<TAB>owl:Nothing` for each unsatisfiable class, unsorted. What it took goes to standard output as JSON.

import java.io.BufferedWriter;
import java.io.File;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.HashSet;
import java.util.Set;
import org.geneontology.whelk.owlapi.WhelkOWLReasonerFactory;
import org.semanticweb.HermiT.ReasonerFactory;
import org.semanticweb.elk.owlapi.ElkReasonerFactory;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.OWLClass;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.reasoner.InferenceType;
import org.semanticweb.owlapi.reasoner.OWLReasoner;
import org.semanticweb.owlapi.reasoner.OWLReasonerFactory;
import uk.ac.manchester.cs.jfact.JFactFactory;

public class Classify {
    public static void main(String[] args) throws Exception {
        long started = System.nanoTime();
        OWLOntology ontology = OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(new File(args[1]));
        long loaded = System.nanoTime();
        OWLReasoner reasoner = factory(args[0]).createReasoner(ontology);
        reasoner.precomputeInferences(InferenceType.CLASS_HIERARCHY);
        long classified = System.nanoTime();
        int pairs = 0;
        Set<OWLClass> unsatisfiable = reasoner.getUnsatisfiableClasses().getEntities();
        try (PrintWriter out = new PrintWriter(new BufferedWriter(Files.newBufferedWriter(Paths.get(args[2]))))) {
            for (OWLClass named : ontology.getClassesInSignature()) {
                if (named.isOWLThing() || named.isOWLNothing()) {
                    continue;
                }
                if (unsatisfiable.contains(named)) {
                    out.println(named.getIRI() + "\towl:Nothing");
                    continue;
                }
                Set<OWLClass> above = new HashSet<>(reasoner.getSuperClasses(named, false).getFlattened());
                above.addAll(reasoner.getEquivalentClasses(named).getEntities());
                above.remove(named);
                for (OWLClass sup : above) {
                    if (!sup.isOWLThing()) {
                        out.println(named.getIRI() + "\t" + sup.getIRI());
                        pairs++;
                    }
                }
            }
        }
        System.out.printf("{\"load_seconds\": %.3f, \"classify_seconds\": %.3f, \"subsumptions\": %d, \"axioms\": %d, \"classes\": %d}%n",
            (loaded - started) / 1e9, (classified - loaded) / 1e9, pairs, ontology.getLogicalAxiomCount(),
            ontology.getClassesInSignature().size());
        System.exit(0);
    }

    private static OWLReasonerFactory factory(String name) {
        switch (name) {
            case "ELK": return new ElkReasonerFactory();
            case "WHELK": return new WhelkOWLReasonerFactory();
            case "HERMIT": return new ReasonerFactory();
            case "JFACT": return new JFactFactory();
            default: throw new IllegalArgumentException(name + " is unknown; expected ELK, WHELK, HERMIT or JFACT");
        }
    }
}
