"""What can be done with plans, subscriptions, invoices and statements."""
