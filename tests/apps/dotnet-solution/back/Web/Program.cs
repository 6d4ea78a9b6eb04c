using System;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

public static class Program
{
    public static void Main(string[] args) =>
        Host.CreateDefaultBuilder(args)
            .ConfigureWebHostDefaults(web => web.Configure(app => app.Run(context =>
            {
                var greeting = app.ApplicationServices.GetRequiredService<IConfiguration>()["Greeting"];
                return context.Response.WriteAsync(greeting + " " + Lib.Calendar.Berlin(new DateTime(2026, 3, 1)));
            })))
            .Build()
            .Run();
}
