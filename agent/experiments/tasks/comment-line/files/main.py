import antigravity
print("hello")
print("bye")
