"""What customers owe: invoices, payments, credit notes and statements."""
