package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"amparo/internal/seal"
)

// ErrBucket reports an address of a store for chunks that cannot be read, or one that does not let us in.
var ErrBucket = errors.New("the store for files cannot be used")

// s3Blobs keep bytes in a bucket of a store that speaks the protocol of Amazon S3.
type s3Blobs struct {
	client *minio.Client
	bucket string
	prefix string
}

// OpenS3 opens a bucket by an address s3://bucket/prefix?endpoint=https://host:port&region=…; without an endpoint it is Amazon's.
// The keys come from getenv (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the file that AWS_SHARED_CREDENTIALS_FILE names),
// never from the address: that stands on the process list. It writes, reads and removes a small object before it returns.
func OpenS3(ctx context.Context, address string, getenv func(string) string) (Blobs, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%w: the address is s3://bucket/prefix?endpoint=https://host", ErrBucket)
	}
	endpoint, secure := "s3.amazonaws.com", true
	if given := u.Query().Get("endpoint"); given != "" {
		e, err := url.Parse(given)
		if err != nil || e.Host == "" || e.Scheme != "https" && e.Scheme != "http" || e.User != nil {
			return nil, fmt.Errorf("%w: an endpoint is https://host or http://host", ErrBucket)
		}
		endpoint, secure = e.Host, e.Scheme == "https"
	}
	var keys *credentials.Credentials
	if id, secret := getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"); id != "" && secret != "" {
		keys = credentials.NewStaticV4(id, secret, getenv("AWS_SESSION_TOKEN"))
	} else if file := getenv("AWS_SHARED_CREDENTIALS_FILE"); file != "" {
		keys = credentials.NewFileAWSCredentials(file, getenv("AWS_PROFILE"))
	} else {
		return nil, fmt.Errorf("%w: no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE", ErrBucket)
	}
	client, err := minio.New(endpoint, &minio.Options{Creds: keys, Secure: secure, Region: u.Query().Get("region"), MaxRetries: 4})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBucket, err)
	}
	b := &s3Blobs{client: client, bucket: u.Host, prefix: strings.Trim(u.Path, "/")}
	if err := b.try(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBucket, err)
	}
	return b, nil
}

// try shows at the start, and not with the first file that somebody brings, that the bucket is there and the keys suffice.
func (b *s3Blobs) try(ctx context.Context) error {
	const name = "amparo-can-write"
	if err := b.Put(ctx, name, []byte(name)); err != nil {
		return err
	}
	if got, here, err := b.Get(ctx, name); err != nil || !here || string(got) != name {
		return errors.Join(errors.New("what was written cannot be read again"), err)
	}
	return b.Delete(ctx, name)
}

func (b *s3Blobs) key(name string) string {
	if b.prefix == "" {
		return name
	}
	return b.prefix + "/" + name
}

// Put implements Blobs.
func (b *s3Blobs) Put(ctx context.Context, name string, data []byte) error {
	_, err := b.client.PutObject(ctx, b.bucket, b.key(name), bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	if err != nil {
		return fmt.Errorf("s3: put: %w", err)
	}
	return nil
}

// Get implements Blobs.
func (b *s3Blobs) Get(ctx context.Context, name string) ([]byte, bool, error) {
	o, err := b.client.GetObject(ctx, b.bucket, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, false, fmt.Errorf("s3: get: %w", err)
	}
	defer o.Close()
	data, err := io.ReadAll(io.LimitReader(o, seal.MaxSealedChunk+1))
	switch {
	case missing(err):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("s3: get: %w", err)
	}
	return data, true, nil
}

// Delete implements Blobs.
func (b *s3Blobs) Delete(ctx context.Context, name string) error {
	if err := b.client.RemoveObject(ctx, b.bucket, b.key(name), minio.RemoveObjectOptions{}); err != nil && !missing(err) {
		return fmt.Errorf("s3: delete: %w", err)
	}
	return nil
}

func missing(err error) bool {
	return err != nil && minio.ToErrorResponse(err).StatusCode == http.StatusNotFound && minio.ToErrorResponse(err).Code == minio.NoSuchKey
}
