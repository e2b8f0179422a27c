"""Past one process: a tree in shards, each searched by a process of its own, beams merged level by level.

What comes back is what the single tree gives, document for document and score for score, for the best of a level are the best of
the best of its parts. Shards are parts of the tree by first code (:mod:`engine.scale.split`); a process holds one
(:mod:`engine.scale.worker`); :mod:`engine.scale.sharded` asks them and merges. A build's heavy stages go to Ray's workers
(:mod:`engine.scale.on_ray`, :mod:`engine.scale.on_ray_stages`).
"""
