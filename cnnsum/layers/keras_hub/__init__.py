"""The layers of KerasHub (KerasNLP, as it was called): thin declarations over layers of Keras, which they are made of.

Words of files alone: no spec is written in them. Its modules are named in `cnnsum.layers.vocabulary`, and loaded for a
file that has such a layer.
"""
