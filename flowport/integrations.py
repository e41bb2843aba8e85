"""`ArgoEvent`, under the name that flows import it by."""

from flowport.runtime.names.argo_event import ArgoEvent as ArgoEvent
