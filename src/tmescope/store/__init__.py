"""Where data rest: tables, matrices, atomic writes, threads over chunks, and the one writer into AnnData."""
