"""Who may: viewers, what each may do and see, and how secrets are encrypted. Access control brings keys and roles."""
