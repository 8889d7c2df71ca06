"""The classifier: base encoder, network, training, prediction, calibration, evaluation, registry."""
