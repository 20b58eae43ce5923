"""Pages of a PDF as lines of text in reading order, and what on them is no text: what stands where, read by PDFium, in steps of a module each."""
