"""Has the content of a tensor changed since the last look?"""
