"""What the figures of all engines are made from: how many slices each foreach has, and which tasks items reach."""
