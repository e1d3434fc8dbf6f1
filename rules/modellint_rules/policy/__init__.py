"""Rules about what a policy demands; they run where one is in force."""
