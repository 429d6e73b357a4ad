kilburn-test 1
format x86-64
config 0x128
seed 7
memory bytes=0x1000000 latency=1:3 ready=60
word 0x100ff8 0x101067
context root=0x100000 asid=1 controls=0x10 pkru=0 pkrs=0
read va=0x7f0000001000 mode=user id=3
+2 write va=0x7f0000001008 mode=kernel ac id=4 hold=5
fetch va=0xffff800000001000 mode=user id=0
+4 edit 0x101000 0
invalidate PAGE va=0x7f0000001000 asid=1 pte=0
