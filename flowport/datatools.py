"""`S3`, what it takes and returns, and its exceptions, under the name that flows import them by."""

from flowport.runtime.datatools.exceptions import MetaflowS3AccessDenied as MetaflowS3AccessDenied
from flowport.runtime.datatools.exceptions import MetaflowS3Exception as MetaflowS3Exception
from flowport.runtime.datatools.exceptions import MetaflowS3InsufficientDiskSpace as MetaflowS3InsufficientDiskSpace
from flowport.runtime.datatools.exceptions import MetaflowS3InvalidObject as MetaflowS3InvalidObject
from flowport.runtime.datatools.exceptions import MetaflowS3InvalidRange as MetaflowS3InvalidRange
from flowport.runtime.datatools.exceptions import MetaflowS3NotFound as MetaflowS3NotFound
from flowport.runtime.datatools.exceptions import MetaflowS3URLException as MetaflowS3URLException
from flowport.runtime.datatools.objects import RangeInfo as RangeInfo
from flowport.runtime.datatools.objects import S3GetObject as S3GetObject
from flowport.runtime.datatools.objects import S3Object as S3Object
from flowport.runtime.datatools.objects import S3PutObject as S3PutObject
from flowport.runtime.datatools.s3 import S3 as S3
