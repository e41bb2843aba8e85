"""What the compiler has to say: diagnostics, the long text of each code, suggestions for misspelled names, and output formats."""
