# METADATA
# title: Who wrote the message
# description: >-
#   A person who took the conversation over may have typed it. What an AI must say of itself, and
#   what it must not say, is then not asked of the message.
package lib.author

is_person if input.message.author == "human"
