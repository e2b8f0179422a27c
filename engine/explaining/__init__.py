"""Why a document comes back, why another does not, and what an intervention changes."""
