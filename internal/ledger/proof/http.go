package proof

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is read from a server, in bytes.
const (
	maxCheckpoint = 64 << 10
	maxKey        = 4 << 10
	maxBundle     = BundleWidth * (MaxEntry + 2)
	maxTile       = BundleWidth * 32
)

// tries is how often a request is made when the server says that it is busy.
const tries = 5

// HTTP reads a log from a server of c2sp.org/tlog-tiles.
type HTTP struct {
	Base       string       // the log's address (see LogURL), without a last slash
	Credential string       // the credential; may be empty
	Client     *http.Client // must have a time-out
}

// LogURL is the address of a tenant's log on a Clause server.
func LogURL(server, tenant string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return "", fmt.Errorf("the server's address must be like https://host:port")
	}
	if tenant == "" || strings.Trim(tenant, ".") == "" || !isID(tenant) {
		return "", fmt.Errorf("the tenant's id is malformed")
	}
	return u.JoinPath("ledger", tenant).String(), nil
}

// Checkpoint implements Source.
func (h *HTTP) Checkpoint(ctx context.Context) ([]byte, error) {
	return h.get(ctx, "checkpoint", maxCheckpoint)
}

// Key implements Source.
func (h *HTTP) Key(ctx context.Context) (string, error) {
	key, err := h.get(ctx, "key", maxKey)
	return strings.TrimSuffix(string(key), "\n"), err
}

// Bundle implements Source.
func (h *HTTP) Bundle(ctx context.Context, index int64, width int) ([]byte, error) {
	return h.get(ctx, BundlePath(index, width), maxBundle)
}

// Tile implements Source.
func (h *HTTP) Tile(ctx context.Context, level int, index int64, width int) ([]byte, error) {
	return h.get(ctx, TilePath(level, index, width), maxTile)
}

func (h *HTTP) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	for try := 1; ; try++ {
		body, wait, err := h.once(ctx, path, limit)
		if wait == 0 || try == tries {
			return body, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// once makes one request; wait is how long to wait before another try, 0 for not at all.
func (h *HTTP) once(ctx context.Context, path string, limit int64) (body []byte, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Base+"/"+path, nil)
	if err != nil {
		return nil, 0, err
	}
	if h.Credential != "" {
		req.Header.Set("Authorization", "Bearer "+h.Credential)
	}
	resp, err := h.Client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, 0, fmt.Errorf("%s: %w", path, ErrMissing)
	case http.StatusInternalServerError:
		return nil, 0, fmt.Errorf("%s: %w", path, ErrFailed)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return nil, retryAfter(resp), fmt.Errorf("%s: the server is busy (%s)", path, resp.Status)
	default:
		return nil, 0, fmt.Errorf("%s: the server answered %s", path, resp.Status)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("%s: the answer is over %d bytes", path, limit)
	}
	return body, 0, err
}

func retryAfter(resp *http.Response) time.Duration {
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 && s <= 60 {
		return time.Duration(s) * time.Second
	}
	return time.Second
}
