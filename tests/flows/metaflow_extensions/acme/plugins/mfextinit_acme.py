"""What the extension `acme` of Metaflow shows of its plugins. Its decorator needs Metaflow itself."""

STEP_DECORATORS_DESC = [("on_lake", ".lake_decorator.OnLakeDecorator")]
__mf_promote_submodules__ = ["lake", "lake_parts"]
