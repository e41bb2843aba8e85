"""What a card is made of, under the name that flows import it by."""

from flowport.runtime.names.cards import *  # noqa: F403
