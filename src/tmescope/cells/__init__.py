"""Single cells of an atlas: what is in it, cell by cell, group by group, gene by gene."""
