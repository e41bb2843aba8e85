"""The exceptions that flows raise and catch, under the name that they are imported by."""

from flowport.runtime.names.caught_error import CaughtError as CaughtError
from flowport.runtime.names.caught_error import MetaflowExceptionWrapper as MetaflowExceptionWrapper
from flowport.runtime.names.exceptions import CardNotPresentException as CardNotPresentException
from flowport.runtime.names.exceptions import CommandException as CommandException
from flowport.runtime.names.exceptions import ExternalCommandFailed as ExternalCommandFailed
from flowport.runtime.names.exceptions import FailureHandledByCatch as FailureHandledByCatch
from flowport.runtime.names.exceptions import InvalidDecoratorAttribute as InvalidDecoratorAttribute
from flowport.runtime.names.exceptions import MetaflowDataMissing as MetaflowDataMissing
from flowport.runtime.names.exceptions import MetaflowException as MetaflowException
from flowport.runtime.names.exceptions import MetaflowInternalError as MetaflowInternalError
from flowport.runtime.names.exceptions import MetaflowInvalidPathspec as MetaflowInvalidPathspec
from flowport.runtime.names.exceptions import MetaflowNamespaceMismatch as MetaflowNamespaceMismatch
from flowport.runtime.names.exceptions import MetaflowNotFound as MetaflowNotFound
from flowport.runtime.names.exceptions import MetaflowTaggingError as MetaflowTaggingError
from flowport.runtime.names.exceptions import MetaflowUnknownUser as MetaflowUnknownUser
from flowport.runtime.names.exceptions import MissingInMergeArtifactsException as MissingInMergeArtifactsException
from flowport.runtime.names.exceptions import ParameterFieldFailed as ParameterFieldFailed
from flowport.runtime.names.exceptions import ParameterFieldTypeMismatch as ParameterFieldTypeMismatch
from flowport.runtime.names.exceptions import TimeoutException as TimeoutException
from flowport.runtime.names.exceptions import UnhandledInMergeArtifactsException as UnhandledInMergeArtifactsException
