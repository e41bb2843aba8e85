"""The local engine: an interpreter of emitted WorkflowTemplates, pods as processes of this machine."""
