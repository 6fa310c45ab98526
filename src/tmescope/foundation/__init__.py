"""The ground floor: errors, scales, results, methods, progress. Knows nothing about tumours."""
