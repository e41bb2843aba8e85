"""Rules of EventBridge: what starts a state machine besides the clock."""
