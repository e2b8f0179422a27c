"""Fine-tuning a build's encoder on its own judged pairs: what the same labels give a dense retriever."""
