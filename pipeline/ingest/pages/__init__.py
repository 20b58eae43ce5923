"""Pages of a PDF as lines of text in reading order: what stands where (read by PDFium), and what of it is text."""
