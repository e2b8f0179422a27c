"""What pages share: state, loaders, fields, exports, jobs."""
