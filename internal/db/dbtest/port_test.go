package dbtest

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
)

// TestPort: who is told of the port listens there, again too; nobody else gets it.
func TestPort(t *testing.T) {
	port, err := Port()
	if err != nil {
		t.Fatal(err)
	}
	other, err := Port()
	if err != nil || other == port {
		t.Fatalf("%d and %d, %v", port, other, err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	taken := func() error { // without SO_REUSEADDR a socket is bound as one is that asks for any port
		s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Close(s) }()
		return syscall.Bind(s, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	}
	for range 2 {
		if err := taken(); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("another gets it: %v", err)
		}
		if c, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("before anything listens: %v, %v", c, err)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	}
}
