"""What banks read and write, value by value and file by file: pain.008, pain.002, camt, IBAN, addresses."""
