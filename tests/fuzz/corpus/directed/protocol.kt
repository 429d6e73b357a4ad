kilburn-test 1
# The run behind the diagrams of waves/README.md: one page is loaded, then again while its responses wait, then
# invalidated. The memory answers after three cycles and refuses now and then.
format x86-64
memory bytes=0x100000 latency=3:3 ready=60
word 0x1000 0x2007
word 0x2000 0x3007
word 0x3000 0x4007
word 0x4008 0x5007
context root=0x1000
read va=0x1234 mode=user id=1
read va=0x1238 mode=user id=2 hold=3
+1 read va=0x1240 mode=user id=3
+1 read va=0x1248 mode=user id=4
invalidate PAGE va=0x1000
+1 read va=0x1250 mode=user id=5
+1 read va=0x1258 mode=user id=6
