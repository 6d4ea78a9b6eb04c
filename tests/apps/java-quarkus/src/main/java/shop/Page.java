package shop;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;

@Path("/")
public class Page {
    @GET
    public String hello() {
        return "hello from Quarkus on Java " + Runtime.version().feature();
    }
}
