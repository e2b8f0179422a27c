"""Pictures of a decode as text: SVG, and one HTML file that plays by itself and asks nobody for anything."""
