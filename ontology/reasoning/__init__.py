"""What follows from axioms: classification in OWL 2 EL, and everything asked of it afterwards."""
