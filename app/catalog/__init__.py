"""What customers can have and how they are billed: plans, features, subscriptions and billing profiles."""
