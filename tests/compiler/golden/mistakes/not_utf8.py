from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    """Größe"""
