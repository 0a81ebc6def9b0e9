"""The engines that judge, the document they see, and the phrases they are told of."""
